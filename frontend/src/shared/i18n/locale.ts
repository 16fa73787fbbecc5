/**
 * How dates and numbers are written: in the page's language, as they are in the country that the browser is set to where
 * it speaks that language. "en" alone would be American.
 */
export function locale(): string {
  const language = document.documentElement.lang;
  return navigator.languages.find((one) => one === language || one.startsWith(`${language}-`)) ?? language;
}
