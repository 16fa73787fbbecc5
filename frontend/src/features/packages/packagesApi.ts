import { projectPath } from "@/shared/api/paths";
import { getJson } from "@/shared/api/request";
import { useLive } from "@/shared/live/liveStore";
import { parse, parseList } from "@/wire/parse";
import type { Package, PackageLookup, PackageSearch, VenvStatus } from "@/wire/generated";

export function listPackages(projectId: string, signal: AbortSignal): Promise<Package[]> {
  return getJson(projectPath(projectId, "/packages"), (value) => parseList("Package", value), { signal });
}

/** Packages with a text in their name. `read` lets the sandbox read the index's list of names, which is large. */
export function searchPackages(projectId: string, text: string, read: boolean, signal: AbortSignal): Promise<PackageSearch> {
  const query = { text, ...(read ? { read: "true" } : {}) };
  return getJson(projectPath(projectId, "/packages/search"), (value) => parse("PackageSearch", value), { signal, query });
}

export function lookUpPackage(projectId: string, name: string, signal: AbortSignal): Promise<PackageLookup> {
  const path = projectPath(projectId, `/packages/${encodeURIComponent(name)}/lookup`);
  return getJson(path, (value) => parse("PackageLookup", value), { signal });
}

/** Progress comes as events; the answer is the state at the beginning. */
async function change(projectId: string, rest: string, options: Parameters<typeof getJson>[2]): Promise<VenvStatus> {
  const venv = await getJson(projectPath(projectId, rest), (value) => parse("VenvStatus", value), options);
  useLive.setState({ venv });
  return venv;
}

export function installPackages(projectId: string, requirements: readonly string[]): Promise<VenvStatus> {
  return change(projectId, "/packages", { method: "POST", json: { requirements } });
}

export function removePackage(projectId: string, name: string): Promise<VenvStatus> {
  return change(projectId, `/packages/${encodeURIComponent(name)}`, { method: "DELETE" });
}

/** Installs what requirements.txt asks for. */
export function installRequired(projectId: string): Promise<VenvStatus> {
  return change(projectId, "/environment/install", { method: "POST" });
}

export function recreateEnvironment(projectId: string): Promise<VenvStatus> {
  return change(projectId, "/environment/recreate", { method: "POST" });
}
