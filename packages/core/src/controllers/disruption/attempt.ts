// One node's trouble is not the others': it is logged, and the node is judged anew in a later pass.

import { isConflict } from "../../kube/index.ts";
import { errorText } from "../../telemetry/index.ts";
import type { ControllerDeps } from "../deps.ts";

/** Answers whether it worked; if it did not, `failed` is told why. */
export async function attempt(
  { logger }: Pick<ControllerDeps, "logger">,
  failure: string,
  name: string,
  work: () => Promise<void>,
  failed?: (why: string) => void,
): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (isConflict(error)) logger.debug(failure, { Node: name, error });
    else logger.error(failure, { Node: name, error });
    failed?.(errorText(error));
    return false;
  }
}
