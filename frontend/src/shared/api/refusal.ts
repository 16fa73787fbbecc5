import { ApiError, messageOf } from "./request";

/** What was wrong with a form: messages by the name of the field, and one for what concerns none of them. */
export interface Refusal<F extends string> {
  fields: Readonly<Partial<Record<F, string>>>;
  form: string;
}

/** Sort what the server said to the field that it named, or to the form. `null` (nothing was refused) is empty. */
export function refusalOf<F extends string>(error: unknown, known: readonly F[]): Refusal<F> {
  const fields: Partial<Record<F, string>> = {};
  if (error === null || error === undefined) return { fields, form: "" };
  const named = error instanceof ApiError ? error.detail["field"] : undefined;
  const field = known.find((name) => name === named);
  if (field === undefined) return { fields, form: messageOf(error) };
  fields[field] = messageOf(error);
  return { fields, form: "" };
}
