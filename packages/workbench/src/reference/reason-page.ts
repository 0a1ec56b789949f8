// The reference page of one reason, and the index of all of them.

import { POD_REASONS } from "@karpenter-multicloud/core/reasons";
import type { PodReason } from "@karpenter-multicloud/core/reasons";
import type { PodExplanation } from "@karpenter-multicloud/core/scheduling";
import { failureMessage } from "@karpenter-multicloud/core/controllers";
import { explained } from "./explained.ts";
import { REASON_EXAMPLES } from "./reason-examples.ts";
import { REASON_GUIDE } from "./reason-guide.ts";

export const REASONS_FOLDER = "docs/reference/reasons/";

export interface TextFile {
  /** Relative to the root of the repository. */
  readonly path: string;
  readonly text: string;
}

const HEADER =
  "<!-- Generated from packages/workbench/src/reference by `pnpm generate`; changes made here are lost. -->\n";

/** The index and a page for each reason. */
export function reasonPages(): readonly TextFile[] {
  return [
    { path: `${REASONS_FOLDER}README.md`, text: HEADER + index() },
    ...POD_REASONS.map((reason) => ({ path: `${REASONS_FOLDER}${reason}.md`, text: HEADER + page(reason) })),
  ];
}

function index(): string {
  const rows = POD_REASONS.map((reason) => {
    const { meaning, fixes } = REASON_GUIDE[reason];
    return `| [\`${reason}\`](${reason}.md) | ${meaning} | ${fixes[0]} |`;
  });
  return `
# Why a pod was not placed

The event \`FailedScheduling\` on the pod tells it in one line. Each NodePool, each node and each planned node that refused the pod has one of these codes; they stand in the log entry "could not schedule pod" (\`--log-level debug\`) and in the [decision record](../../concepts/disruption.md#the-decision-record). A code is stable and never reused. Why a node stays or goes: [verdicts](../reasons.md). With manifests, as \`kubectl describe pod\` prints them: [why is my pod pending?](../../concepts/why-is-my-pod-pending.md)

| Code | Means | First thing to try |
| --- | --- | --- |
${rows.join("\n")}
`;
}

function page(reason: PodReason): string {
  const { meaning, background, commands, fixes } = REASON_GUIDE[reason];
  return `
# ${reason}

${meaning}

${background}

## What you see

${whatYouSee(reason)}## How to find out more

\`\`\`bash
# the event in full
kubectl get events --field-selector involvedObject.name=POD,reason=FailedScheduling
${commands.map(([why, command]) => `# ${why}\n${command}`).join("\n")}
\`\`\`

## How to fix it

${fixes.map((fix) => `- ${fix}`).join("\n")}

[All reasons](README.md)
`;
}

function whatYouSee(reason: PodReason): string {
  const example = REASON_EXAMPLES[reason];
  const found = explained(reason, example);
  if (found === undefined) return `This release does not print it. ${example.notYet ?? ""}\n\n`;
  return `${example.story} The event on the pod:

\`\`\`text
Warning  FailedScheduling  ${failureMessage(found)}
\`\`\`

${detailOf(reason, found)}`;
}

/** What the log and the decision record have besides. */
function detailOf(reason: PodReason, { nodePools, existing }: PodExplanation): string {
  const pool = nodePools.find((each) => each.reason === reason);
  const lines: string[] = [];
  if (pool !== undefined) {
    lines.push(`NodePool ${pool.nodePool} ${pool.verdict}: ${reason}, ${pool.detail}`);
    if (pool.closest) lines.push(`closest: ${pool.closest.name}${gapText(pool.closest.gap)}`);
    if (pool.funnel.length > 0) {
      lines.push(`instance types left: ${pool.funnel.map(({ stage, left }) => `${stage} ${left}`).join(", ")}`);
    }
  }
  if (existing.count > 0) {
    const counts = Object.entries(existing.byReason).map(([code, count]) => `${code} ${count}`);
    lines.push(`existing nodes: ${counts.join(", ")}`);
  }
  return `In the log and the [decision record](../../concepts/disruption.md#the-decision-record):\n\n\`\`\`text\n${lines.join("\n")}\n\`\`\`\n\n`;
}

function gapText(gap: NonNullable<PodExplanation["nodePools"][number]["closest"]>["gap"]): string {
  const texts = (gap ?? []).map(({ resource, need, have }) => `${resource} ${need} needed, ${have} there`);
  return texts.length > 0 ? ` (${texts.join("; ")})` : "";
}
