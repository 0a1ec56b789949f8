// What a log line about one run of a controller says about itself (OP-11).

import type { LogFields } from "../telemetry/index.ts";
import type { Controller } from "./controller.ts";

/** A keyed controller's first trigger names the kind its keys stand for; a singleton's key is only its name. */
export function reconcileFields(controller: Controller, key: string, reconcileId: string): LogFields {
  const own = { controller: controller.name, reconcileID: reconcileId };
  const primary = controller.triggers[0]?.resource;
  if (primary === undefined || controller.initialKeys !== undefined) return own;
  const slash = key.indexOf("/");
  const name = key.slice(slash + 1);
  const namespace = slash < 0 ? undefined : key.slice(0, slash);
  const reference = namespace === undefined ? { name } : { namespace, name };
  return {
    controller: controller.name,
    controllerGroup: primary.group,
    controllerKind: primary.kind,
    [primary.kind]: reference,
    ...(namespace === undefined ? {} : { namespace }),
    name,
    reconcileID: reconcileId,
  };
}
