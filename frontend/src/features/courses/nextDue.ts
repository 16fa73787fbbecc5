import type { Assignment } from "@/wire/courses";

/** Which of the published assignments is due next; none when no deadline lies ahead. */
export function nextDue(assignments: readonly Assignment[], now: number): Assignment | undefined {
  return assignments
    .filter(({ dueAt, publishedAt }) => publishedAt !== null && dueAt !== null && dueAt > now)
    .sort((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0))[0];
}

/** As lists show them: what is due next first, then what has no deadline, then what is over, the last first. */
export function byDeadline(assignments: readonly Assignment[], now: number): Assignment[] {
  const rank = ({ dueAt }: Assignment) => (dueAt === null ? 1 : dueAt > now ? 0 : 2);
  return [...assignments].sort((a, b) => {
    const apart = rank(a) - rank(b);
    if (apart !== 0) return apart;
    const by = (a.dueAt ?? a.createdAt) - (b.dueAt ?? b.createdAt);
    return rank(a) === 2 ? -by : by;
  });
}
