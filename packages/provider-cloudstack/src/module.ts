// Binds this cloud to core's ProviderFactory token.

import { ProviderFactory } from "@karpenter-multicloud/core/controllers";
import { ContainerModule } from "inversify";
import { cloudstackProvider } from "./provider.ts";

export const cloudstackModule = new ContainerModule(({ bind }) => {
  bind(ProviderFactory).toConstantValue(cloudstackProvider);
});
