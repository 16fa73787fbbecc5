/** One or two letters for a name: "Ada Lovelace" AL, "kim@school.example" K, "홍길동" 홍. */
export function initials(name: string): string {
  const words = name.split("@", 1).join("").split(/[\s._-]+/).filter(Boolean);
  const chosen = words.length > 1 ? [words[0], words.at(-1)] : words;
  return chosen.map(firstLetter).join("").toUpperCase() || "?";
}

/** What a reader takes for one letter, of however many code units. */
function firstLetter(word = ""): string {
  for (const { segment } of new Intl.Segmenter().segment(word)) return segment;
  return "";
}
