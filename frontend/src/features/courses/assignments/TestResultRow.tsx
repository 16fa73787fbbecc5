import { Check, LoaderCircle, Minus, TriangleAlert, X } from "lucide-react";
import { t } from "@/shared/i18n/i18n";
import { toldPlainly } from "@/shared/i18n/told";
import { Button } from "@/shared/ui/Button";
import { CELL } from "@/shared/ui/Table";
import type { TestResult, TestRow, TestTable } from "@/wire/courses";
import { Chip } from "../Chips";

/** Whether a test passed, as a picture and a word, with its points. */
export function Verdict({ result }: { result: TestResult | undefined }) {
  if (result === undefined) {
    return (
      <span className="inline-flex items-center gap-1 text-faint">
        <Minus size={14} aria-hidden />
        {t("courses.notRun")}
      </span>
    );
  }
  return (
    <span className={`inline-flex items-center gap-1 font-medium whitespace-nowrap ${result.passed ? "text-ok" : "text-bad"}`}>
      {result.passed ? <Check size={14} aria-hidden /> : <X size={14} aria-hidden />}
      {result.passed ? t("courses.passed") : t("courses.failed")}
      {result.points !== null && <span className="tabular font-normal">· {t("courses.pointsShort", { points: result.points })}</span>}
    </span>
  );
}

function Outcome({ row }: { row: TestRow }) {
  if (row.state === "done") {
    return (
      <span className="tabular inline-flex flex-wrap items-center gap-1.5">
        {t("courses.passedOf", { passed: row.passed, of: row.of })}
        {row.outdated && <Chip tone="warn">{t("courses.outdated")}</Chip>}
      </span>
    );
  }
  const icon = row.state === "failed" ? <TriangleAlert size={13} aria-hidden /> : row.state === "running" ? <LoaderCircle size={13} aria-hidden className="animate-spin" /> : null;
  return (
    <span className={row.state === "failed" ? "text-bad" : "text-muted"}>
      <span className="inline-flex items-center gap-1">
        {icon}
        {t(`courses.test.${row.state}`)}
      </span>
      {row.message !== "" && <span className="line-clamp-2 max-w-64 text-xs">{toldPlainly(row.message)}</span>}
    </span>
  );
}

interface Props {
  row: TestRow;
  tests: TestTable["tests"];
  onAgain: () => void;
  onDetails: () => void;
}

export function TestResultRow({ row, tests, onAgain, onDetails }: Props) {
  const name = row.name || row.login;
  const over = row.state === "done" || row.state === "failed";
  return (
    <tr>
      <th scope="row" className={`${CELL} max-w-56 text-left wrap-anywhere font-medium`}>
        {name}
      </th>
      <td className={CELL}>
        <Outcome row={row} />
      </td>
      <td className={`${CELL} text-right tabular-nums`}>{row.points ?? "—"}</td>
      {tests.map(({ node }) => {
        const result = row.results[node];
        return (
          <td key={node} className={`${CELL} max-w-52`}>
            <Verdict result={result} />
            {result !== undefined && result.message !== "" && <p className="line-clamp-2 text-xs break-words text-muted">{toldPlainly(result.message)}</p>}
          </td>
        );
      })}
      <td className={`${CELL} whitespace-nowrap`}>
        <span className="flex justify-end gap-1">
          <Button small disabled={!over} aria-label={t("courses.detailsOf", { name })} onClick={onDetails}>
            {t("courses.details")}
          </Button>
          <Button small disabled={!over} aria-label={t("courses.testAgainOf", { name })} onClick={onAgain}>
            {t("courses.testAgain")}
          </Button>
        </span>
      </td>
    </tr>
  );
}
