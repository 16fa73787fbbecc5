import { locale } from "../i18n/locale";

/** Points in time as people here write them. Seconds since 1970; pure but for the page's locale and the browser's zone. */

const DAY_AND_TIME = { weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" } as const;

/** "Mon, 30 Mar 2026, 18:00". */
export function dateAndTime(seconds: number): string {
  return new Intl.DateTimeFormat(locale(), DAY_AND_TIME).format(seconds * 1000);
}

/** "Mon, 30 Mar 2026, 18:00 CEST": for what several people keep to, who may be in several zones. */
export function dateTimeAndZone(seconds: number): string {
  return new Intl.DateTimeFormat(locale(), { ...DAY_AND_TIME, timeZoneName: "short" }).format(seconds * 1000);
}

/** "30 Mar, 18:00", for tables; with the year where it is another than this one. */
export function shortDateAndTime(seconds: number): string {
  const at = new Date(seconds * 1000);
  const year = at.getFullYear() === new Date().getFullYear() ? {} : { year: "numeric" as const };
  const format = new Intl.DateTimeFormat(locale(), { ...year, day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  return format.format(at);
}

function unit(value: number, name: string): string {
  return new Intl.NumberFormat(locale(), { style: "unit", unit: name, unitDisplay: "short" }).format(value);
}

/** What is left, in its two largest parts: "2 days 4 hr", "3 hr 12 min", below an hour "12:05". */
export function timeLeft(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  const days = Math.floor(whole / 86_400);
  const hours = Math.floor((whole % 86_400) / 3_600);
  const minutes = Math.floor((whole % 3_600) / 60);
  if (days > 0) return hours > 0 ? `${unit(days, "day")} ${unit(hours, "hour")}` : unit(days, "day");
  if (hours > 0) return minutes > 0 ? `${unit(hours, "hour")} ${unit(minutes, "minute")}` : unit(hours, "hour");
  return `${String(minutes)}:${String(whole % 60).padStart(2, "0")}`;
}

/** As a field of the type `datetime-local` has it: "2026-03-30T18:00". */
export function toLocalField(seconds: number): string {
  const at = new Date(seconds * 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${String(at.getFullYear())}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** What such a field says; null where it is empty or no time. */
export function fromLocalField(text: string): number | null {
  const parts = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})/.exec(text);
  if (parts === null) return null;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0] = parts.slice(1).map(Number);
  return new Date(year, month - 1, day, hour, minute).getTime() / 1000;
}
