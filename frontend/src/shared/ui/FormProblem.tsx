/** What is wrong with a form as a whole; read aloud when it appears. Until then it takes no room, nor a gap. */
export function FormProblem({ message }: { message: string }) {
  return (
    <div role="alert" className="empty:absolute">
      {message !== "" && <p className="rounded-md border border-bad/40 bg-bad-soft px-3 py-2 text-sm text-bad">{message}</p>}
    </div>
  );
}
