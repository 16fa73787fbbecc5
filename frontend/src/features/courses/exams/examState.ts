import type { Exam } from "@/wire/courses";

export type ExamState = "coming" | "on" | "over";

/** Whether an exam lies ahead, is on, or is over, and the seconds until that changes. */
export function examState({ startsAt, endsAt }: Pick<Exam, "startsAt" | "endsAt">, now: number): { state: ExamState; left: number } {
  if (now < startsAt) return { state: "coming", left: startsAt - now };
  if (now < endsAt) return { state: "on", left: endsAt - now };
  return { state: "over", left: 0 };
}
