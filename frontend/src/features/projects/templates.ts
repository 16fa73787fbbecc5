import { isKorean, t } from "@/shared/i18n/i18n";
import type { Template } from "@/wire/control";

const KOREAN = "-ko";

/** Each template once: in Korean for those who read Korean, where it is written in that too. */
export function inReadersLanguage(templates: readonly Template[]): Template[] {
  const names = new Set(templates.map(({ name }) => name));
  const translated = ({ name }: Template) => names.has(`${name}${KOREAN}`);
  const translation = ({ name }: Template) => name.endsWith(KOREAN) && names.has(name.slice(0, -KOREAN.length));
  return templates.filter((template) => (isKorean() ? !translated(template) : !translation(template)));
}

/** What our own templates are called and show, in the reader's language; the server knows their names alone. */
export function described(template: Template): Template {
  const welcome = template.name === "welcome" || template.name === `welcome${KOREAN}`;
  if (!welcome || template.description !== "") return template;
  return { ...template, title: t("projects.templateWelcome"), description: t("projects.templateWelcomeHint") };
}
