import { queryOptions, useQuery } from "@tanstack/react-query";
import { getJson } from "@/shared/api/request";
import { useAccount } from "@/shared/me/me";
import { parseCourseSummary, type Exam } from "@/wire/courses";
import { listOf } from "@/wire/fields";

const COURSES_EVERY_MS = 30_000;

/** The courses that this person is in, with the exams that are on. */
export const coursesQuery = queryOptions({
  queryKey: ["courses"],
  queryFn: ({ signal }) => getJson("/api/courses", listOf(parseCourseSummary), { signal }),
  refetchInterval: COURSES_EVERY_MS,
});

/** The exam that this person sits now; of several, the one that ends last. */
export function useExam(): Exam | null {
  const account = useAccount();
  const courses = useQuery({ ...coursesQuery, enabled: account !== undefined });
  const exams = (courses.data ?? []).flatMap(({ role, exam }) => (role === "student" && exam !== null ? [exam] : []));
  return exams.reduce<Exam | null>((last, exam) => (last === null || exam.endsAt > last.endsAt ? exam : last), null);
}
