/** What people call something, and the id that tells it from another of that name. */
export function Named({ name, id }: { name: string; id: string }) {
  return (
    <>
      {name === "" ? id : name}
      {name !== "" && id !== name && <p className="font-mono text-2xs font-normal text-faint">{id}</p>}
    </>
  );
}
