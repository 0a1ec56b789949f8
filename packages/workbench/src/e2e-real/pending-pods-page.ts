// docs/concepts/why-is-my-pod-pending.md as a test reads it: the NodePool it begins with, and per section the manifests and what kubectl then prints.

import { readFile } from "node:fs/promises";

export interface PendingPod {
  /** Heading of the section. */
  readonly title: string;
  readonly name: string;
  readonly manifests: string;
  /** What karpenter says, as the page quotes it. */
  readonly lines: readonly string[];
}

export interface PendingPodsPage {
  readonly nodePool: string;
  readonly pods: readonly PendingPod[];
}

const PAGE = new URL("../../../../docs/concepts/why-is-my-pod-pending.md", import.meta.url);

/** @throws Error naming the section that lacks something */
export async function readPendingPodsPage(): Promise<PendingPodsPage> {
  const [intro = "", ...sections] = (await readFile(PAGE, "utf8")).split(/^## /m);
  const nodePool = block(intro, "yaml");
  if (nodePool === undefined) throw new Error("the page does not begin with its NodePool");
  const pods = sections.filter((text) => block(text, "console") !== undefined).map(pendingPod);
  return { nodePool, pods };
}

/** "Reason: message" of every event from karpenter, in the words of `kubectl describe pod`. */
export function karpenterLines(described: string): readonly string[] {
  const columns = described.split("\n").map((line) => line.trim().split(/\s{2,}/));
  return columns.flatMap(([, reason = "", , from = "", ...message]) =>
    from === "karpenter" ? [`${reason}: ${message.join("  ")}`] : [],
  );
}

function pendingPod(section: string): PendingPod {
  const [title = ""] = section.split("\n");
  const manifests = block(section, "yaml");
  const printed = block(section, "console") ?? "";
  const name = /^\$ kubectl describe pod (\S+)$/m.exec(printed)?.[1];
  if (manifests === undefined || name === undefined)
    throw new Error(`section "${title}" lacks its manifests or its pod`);
  return { title, name, manifests, lines: karpenterLines(printed) };
}

function block(text: string, language: "yaml" | "console"): string | undefined {
  return new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "ms").exec(text)?.[1];
}
