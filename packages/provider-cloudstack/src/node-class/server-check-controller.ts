// cloudstack.server: asks the server at the start, and now and then, who it is and what the key may do, and says so in the log (§3, §12).

import { singletonController } from "@karpenter-multicloud/core/runtime";
import type { Controller } from "@karpenter-multicloud/core/runtime";
import type { Logger } from "@karpenter-multicloud/core/telemetry";
import { minutes, seconds } from "@karpenter-multicloud/core/units";

import type { ApiClients } from "../client/api-clients.ts";
import { adviceFor } from "../client/core-words.ts";

const AGAIN = minutes(15);
const AGAIN_AFTER_FAILURE = seconds(30);

export function serverCheckController({
  clients,
  logger,
}: {
  readonly clients: ApiClients;
  readonly logger: Logger;
}): Controller {
  let lastFailure = "";
  return singletonController({
    name: "cloudstack.server",
    async run({ signal }) {
      try {
        for (const client of clients.all()) {
          await client.facts(signal);
          await client.zones(signal);
        }
        lastFailure = "";
        return { requeueAfter: AGAIN };
      } catch (error) {
        signal.throwIfAborted();
        const advice = adviceFor(error);
        const failure = `${(error as Error).message}${advice === "" ? "" : `; ${advice}`}`;
        if (failure !== lastFailure) logger.warn(`CloudStack cannot be used: ${failure}`);
        lastFailure = failure;
        return { requeueAfter: AGAIN_AFTER_FAILURE };
      }
    },
  });
}
