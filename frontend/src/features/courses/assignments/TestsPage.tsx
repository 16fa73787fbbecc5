import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Download, FlaskConical, Play, Square } from "lucide-react";
import { useState } from "react";
import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { Button } from "@/shared/ui/Button";
import { FormProblem } from "@/shared/ui/FormProblem";
import { EmptyState, Loading } from "@/shared/ui/states";
import { Table } from "@/shared/ui/Table";
import { useDeed } from "@/shared/ui/useDeed";
import type { Assignment, TestRow, TestTable } from "@/wire/courses";
import { cancelTests, runTests, testsQuery } from "../assignmentsApi";
import { TestDetails } from "./TestDetails";
import { TestResultRow } from "./TestResultRow";
import { testsCsv } from "./testsCsv";

function saveCsv(table: TestTable, name: string): void {
  const url = URL.createObjectURL(new Blob([testsCsv(table)], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${name.replaceAll(/[^\p{L}\p{N}]+/gu, "-")}-tests.csv`;
  link.click();
  URL.revokeObjectURL(url);
}

function Progress({ table }: { table: TestTable }) {
  const left = table.running + table.waiting;
  if (left === 0) return null;
  const all = table.rows.length;
  const words = t("courses.testsProgress", { done: all - left, all, running: table.running });
  return (
    <div role="status" className="min-w-56 flex-1 text-xs text-muted">
      <p className="tabular">{words}</p>
      <progress className="mt-1 h-1.5 w-full accent-accent" max={all} value={all - left} aria-label={words} />
    </div>
  );
}

function Results({ table, onAgain, onDetails }: { table: TestTable; onAgain: (row: TestRow) => void; onDetails: (row: TestRow) => void }) {
  return (
    <Table
      label={t("courses.tests")}
      columns={[
        { title: t("courses.student") },
        { title: t("courses.result") },
        { title: t("courses.points"), right: true },
        ...table.tests.map(({ title }) => ({ title })),
        { title: t("courses.actions"), hidden: true },
      ]}
    >
      {table.rows.map((row) => (
        <TestResultRow key={row.login} row={row} tests={table.tests} onAgain={() => onAgain(row)} onDetails={() => onDetails(row)} />
      ))}
    </Table>
  );
}

/** Runs the hidden tests, shows how far they are, and what they said: students in rows, tests in columns. */
export function TestsPage({ assignment }: { assignment: Assignment }) {
  const queries = useQueryClient();
  const tests = useQuery(testsQuery(assignment.id));
  const deed = useDeed(testsQuery(assignment.id).queryKey);
  const [shown, setShown] = useState<TestRow | null>(null);
  const table = tests.data;
  const busy = table !== undefined && table.running + table.waiting > 0;
  const run = (logins: readonly string[]) =>
    deed.run(async () => {
      await runTests(assignment.id, logins);
      await queries.invalidateQueries({ queryKey: testsQuery(assignment.id).queryKey });
    });
  if (assignment.hiddenNodes.length === 0) return <EmptyState icon={<FlaskConical size={28} />} title={t("courses.noTests")} />;
  return (
    <div className="flex flex-col gap-3">
      <p className="text-xs text-muted">{t("courses.testsHint")}</p>
      <div className="flex flex-wrap items-center gap-2">
        {busy ? (
          <Button tone="danger" icon={<Square size={13} fill="currentColor" />} disabled={deed.busy} onClick={() => deed.run(() => cancelTests(assignment.id))}>
            {t("courses.cancelTests")}
          </Button>
        ) : (
          <Button tone="primary" icon={<Play size={14} fill="currentColor" />} disabled={deed.busy || assignment.publishedAt === null} onClick={() => run([])}>
            {t("courses.runTests")}
          </Button>
        )}
        {table !== undefined && <Progress table={table} />}
        <span className="flex-1" />
        <Button icon={<Download size={15} />} disabled={table === undefined || table.rows.length === 0} onClick={() => table !== undefined && saveCsv(table, assignment.title)}>
          {t("courses.exportCsv")}
        </Button>
      </div>
      {tests.isPending && <Loading label={t("app.loading")} />}
      <FormProblem message={tests.isError ? messageOf(tests.error) : ""} />
      {table?.rows.length === 0 && <EmptyState icon={<FlaskConical size={28} />} title={t("courses.noRows")} />}
      {table !== undefined && table.rows.length > 0 && <Results table={table} onAgain={(row) => run([row.login])} onDetails={setShown} />}
      {shown !== null && table !== undefined && <TestDetails row={shown} tests={table.tests} onClose={() => setShown(null)} />}
    </div>
  );
}
