// One life of the controllers inside the demo's own process, built as the controller process builds them.

import type { ControllerDeps } from "@karpenter-multicloud/core/controllers";
import { createContainer, Token, type ProcessPorts } from "@karpenter-multicloud/controller";
import type { ContainerModule } from "inversify";

export interface ControllerLife {
  readonly deps: ControllerDeps;
  /** Resolves when it is over; with why, when it ended on its own. */
  readonly ended: Promise<unknown>;
  /** Ends it in order. */
  stop(): Promise<void>;
}

export function beginLife(ports: ProcessPorts, providerModule: ContainerModule): ControllerLife {
  const container = createContainer(ports, providerModule);
  const stop = new AbortController();
  const manager = container.get(Token.Manager);
  container.get(Token.KubeCache).start(stop.signal);
  const running = manager.start(stop.signal);
  const ended = running.then(
    () => undefined,
    (error: unknown) => {
      ports.logger.error("the controllers stopped", { error });
      return error;
    },
  );
  return {
    ended,
    deps: container.get(Token.ControllerDeps),
    stop: async () => {
      stop.abort(new Error("the demo is over"));
      await running;
    },
  };
}
