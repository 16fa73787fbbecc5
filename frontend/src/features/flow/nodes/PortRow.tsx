import { Handle, Position as Side } from "@xyflow/react";
import type { Port } from "@/wire/generated";
import { PORT_HEIGHT } from "../model/geometry";

/** A port's dot; the area that takes the pointer is larger. */
export function PortDot({ port, side, top }: { port: Port; side: "in" | "out"; top: number }) {
  return (
    <Handle
      id={port.name}
      type={side === "in" ? "target" : "source"}
      position={side === "in" ? Side.Left : Side.Right}
      style={{ top }}
      className={`port ${port.type === "" ? "" : "port-typed"}`}
    />
  );
}

/** A row of a node's body: an input at the left, an output at the right. */
export function PortRow({ input, output }: { input: Port | undefined; output: Port | undefined }) {
  return (
    <div className="flex items-center justify-between gap-3 px-3 text-xs" style={{ height: PORT_HEIGHT }}>
      {input === undefined ? <span /> : <PortName port={input} />}
      {output !== undefined && <PortName port={output} right />}
    </div>
  );
}

function PortName({ port, right = false }: { port: Port; right?: boolean }) {
  return (
    <span className={`flex min-w-0 items-baseline gap-1.5 ${right ? "flex-row-reverse" : ""}`}>
      <span className="truncate text-muted">
        {port.name}
        {port.required && <span className="text-accent-text">*</span>}
      </span>
      {/* Where room is short, the type gives way: by its name a port is known. */}
      {port.type !== "" && <span className="min-w-0 shrink-1000 truncate font-mono text-2xs text-faint">{port.type}</span>}
    </span>
  );
}
