import { request, type RequestOptions } from "@/shared/api/request";

/**
 * Requests that change the graph piece by piece. Each answer names the graph that the piece was taken in, and the one that it
 * led to: as long as these join on to each other, nobody else saved in between, and the graph is known without reading it.
 */
export class Steps {
  /** The tag of the graph after the last piece; that of the first graph, if somebody else saved meanwhile. */
  etag: string;
  /** Tags of the graphs that the pieces led to, each told by an event too. */
  readonly made: string[] = [];
  /** Whether somebody else saved meanwhile. */
  missed = false;
  private readonly first: string;

  constructor(etag: string) {
    this.first = etag;
    this.etag = etag;
  }

  async take(path: string, options: RequestOptions): Promise<Response> {
    const response = await request(path, options);
    const before = response.headers.get("Graph-ETag-Before");
    const after = response.headers.get("Graph-ETag");
    if (this.missed || before !== this.etag || after === null) {
      this.missed = true;
      this.etag = this.first;
    } else if (after !== before) {
      this.etag = after;
      this.made.push(after);
    }
    return response;
  }
}
