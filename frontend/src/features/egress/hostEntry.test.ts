import { describe, expect, it } from "vitest";
import { hostEntry, looksLikeHost } from "./hostEntry";

describe("a host in a list", () => {
  it("has its port where that is none of the web's", () => {
    expect(hostEntry("files.example", 443)).toBe("files.example");
    expect(hostEntry("files.example", 80)).toBe("files.example");
    expect(hostEntry("files.example", 8443)).toBe("files.example:8443");
  });

  it("is a name", () => {
    for (const name of ["files.example", "*.data.example", "a-b.example:8080", "mirror.lan!", "localhost", "Files.Example."]) expect(looksLikeHost(name), name).toBe(true);
  });

  it("is no address, in whatever form, and no text", () => {
    for (const other of ["", "10.0.0.1", "127.1", "0x7f000001", "2130706433", "[::1]", "a b", "https://files.example", "(no TLS)", "files.example:x"]) {
      expect(looksLikeHost(other), other).toBe(false);
    }
  });
});
