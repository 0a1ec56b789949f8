// How the container gets this provider.

import { ContainerModule } from "inversify";

import { ProviderFactory } from "@karpenter-multicloud/core/controllers";

import { scalewayProviderFactory } from "./create-provider.ts";

export const scalewayModule = new ContainerModule(({ bind }) => {
  bind<ProviderFactory>(ProviderFactory)
    .toResolvedValue(() => scalewayProviderFactory)
    .inSingletonScope();
});
