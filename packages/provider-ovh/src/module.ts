// How the container gets this provider.

import { ContainerModule } from "inversify";

import { ProviderFactory } from "@karpenter-multicloud/core/controllers";

import { ovhProviderFactory } from "./create-provider.ts";

export const ovhModule = new ContainerModule(({ bind }) => {
  bind<ProviderFactory>(ProviderFactory)
    .toResolvedValue(() => ovhProviderFactory)
    .inSingletonScope();
});
