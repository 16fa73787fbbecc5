import { t } from "@/shared/i18n/i18n";
import { toldPlainly } from "@/shared/i18n/told";
import { Dialog } from "@/shared/ui/Dialog";
import { dateAndTime } from "@/shared/ui/localTime";
import { duration } from "@/shared/ui/relativeTime";
import type { TestRow, TestTable } from "@/wire/courses";
import { Verdict } from "./TestResultRow";

/** Everything that the tests said of one submission. */
export function TestDetails({ row, tests, onClose }: { row: TestRow; tests: TestTable["tests"]; onClose: () => void }) {
  const when = [dateAndTime(row.at), duration(row.durationMs), row.points === null ? "" : t("courses.pointsGiven", { points: row.points })];
  return (
    <Dialog open title={t("courses.detailsOf", { name: row.name || row.login })} description={when.filter(Boolean).join(" · ")} onClose={onClose}>
      {row.message !== "" && <p className="mb-3 break-words whitespace-pre-wrap text-muted">{toldPlainly(row.message)}</p>}
      <ul className="divide-y divide-line">
        {tests.map(({ node, title }) => {
          const result = row.results[node];
          return (
            <li key={node} className="py-2">
              <p className="flex items-baseline gap-3">
                <span className="min-w-0 flex-1 font-medium">{title}</span>
                <Verdict result={result} />
              </p>
              {result !== undefined && result.message !== "" && <p className="mt-0.5 text-xs break-words whitespace-pre-wrap text-muted">{toldPlainly(result.message)}</p>}
            </li>
          );
        })}
      </ul>
    </Dialog>
  );
}
