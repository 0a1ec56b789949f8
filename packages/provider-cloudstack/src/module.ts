// How the container gets this provider.

import { ContainerModule } from "inversify";

import { ProviderFactory } from "@karpenter-multicloud/core/controllers";

import { cloudStackProviderFactory } from "./create-provider.ts";

export const cloudstackModule = new ContainerModule(({ bind }) => {
  bind<ProviderFactory>(ProviderFactory)
    .toResolvedValue(() => cloudStackProviderFactory)
    .inSingletonScope();
});
