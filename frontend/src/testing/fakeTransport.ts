import type { Transport } from "@/shared/socket/reconnectingSocket";

/** A socket that a test plays by hand. */
export class FakeTransport implements Transport {
  static made: FakeTransport[] = [];
  binaryType: BinaryType = "blob";
  bufferedAmount = 0;
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  readonly sent: unknown[] = [];
  closed = false;
  readonly url: string;

  constructor(url: string) {
    this.url = url;
    FakeTransport.made.push(this);
  }

  send(data: unknown): void {
    this.sent.push(data);
  }

  close(): void {
    this.closed = true;
  }

  open(): void {
    this.onopen?.(new Event("open"));
  }

  say(value: unknown): void {
    this.onmessage?.(new MessageEvent("message", { data: JSON.stringify(value) }));
  }

  drop(code = 1006, reason = ""): void {
    this.onclose?.(new CloseEvent("close", { code, reason }));
  }

  static last(): FakeTransport {
    const transport = FakeTransport.made.at(-1);
    if (transport === undefined) throw new Error("nothing has connected");
    return transport;
  }
}
