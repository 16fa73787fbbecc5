import { useEffect, useState } from "react";

/** Milliseconds since 1970, told anew every so often while it is wanted. */
export function useNow(everyMs = 1_000, active = true): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!active) return undefined;
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs, active]);
  return now;
}
