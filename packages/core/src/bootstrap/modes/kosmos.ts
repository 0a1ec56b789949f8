// Joining a Kosmos cluster: Scaleway's node agent registers the machine with a key that may do nothing else (W §1.9).

import { BootstrapError } from "../bootstrap-error.ts";
import { bootstrapScript, withRetries } from "../bootstrap-script.ts";
import { cloudConfig } from "../cloud-config.ts";
import type { JoinPlan, MachineFile } from "../join-plan.ts";
import { shellQuote } from "../shell.ts";
import { requireSecret } from "./require.ts";

/** Keys of the Secret, and the agent's environment. */
const KOSMOS_KEYS = ["POOL_ID", "POOL_REGION", "SCW_SECRET_KEY"] as const;

const ENVIRONMENT_PATH = "/etc/karpenter/node-agent.env";
const AGENT_PATH = "/usr/local/bin/node-agent";
const AGENT_SOURCE = "https://scwcontainermulticloud.s3.fr-par.scw.cloud";

export function kosmosUserData(plan: JoinPlan): string {
  const lines = KOSMOS_KEYS.map((key) => {
    const value = requireSecret(plan, key);
    if (/[\r\n]/.test(value)) throw new BootstrapError("JoinMaterialInvalid", `key ${key} holds several lines`);
    return `${key}=${shellQuote(value)}\n`;
  });
  const files: readonly MachineFile[] = [{ path: ENVIRONMENT_PATH, content: lines.join(""), permissions: "0600" }];
  const script = bootstrapScript(
    { ...plan, node: { ...plan.node, providerID: { known: "scaleway://external" } } },
    {
      files: [ENVIRONMENT_PATH],
      install: [
        'case "$(uname -m)" in x86_64) agent=node-agent_linux_amd64 ;; aarch64) agent=node-agent_linux_arm64 ;; *) say "no node agent for $(uname -m)"; exit 1 ;; esac',
        `curl -fsSL --retry 5 -o ${AGENT_PATH} "${AGENT_SOURCE}/$agent"`,
        `chmod 0755 ${AGENT_PATH}`,
        "set -a",
        `. ${ENVIRONMENT_PATH}`,
        "set +a",
      ],
      join: withRetries(`${AGENT_PATH} -loglevel 0 -no-controller`),
    },
  );
  return cloudConfig(plan.node, plan.settings ?? {}, files, script);
}
