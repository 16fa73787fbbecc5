/** What is left of a time that was told some while ago. Pure. */
export function secondsLeft(told: number | null | undefined, toldAt: number, now: number): number | null {
  return told === null || told === undefined ? null : Math.max(0, Math.round(told - (now - toldAt) / 1000));
}

/** "1:05:09", "12:30", "0:07". */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = two(whole % 60);
  return hours > 0 ? `${String(hours)}:${two(minutes)}:${rest}` : `${String(minutes)}:${rest}`;
}

export type Pause = { kind: "pauses" | "stops"; seconds: number };

/** Which comes first, and when. Nothing while the sandbox is busy or no end is set. */
export function nextPause(pauses: number | null, stops: number | null): Pause | null {
  if (pauses === null) return stops === null ? null : { kind: "stops", seconds: stops };
  return stops !== null && stops < pauses ? { kind: "stops", seconds: stops } : { kind: "pauses", seconds: pauses };
}
