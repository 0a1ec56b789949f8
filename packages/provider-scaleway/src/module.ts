// Binds this cloud to core's ProviderFactory token.

import { ProviderFactory } from "@karpenter-multicloud/core/controllers";
import { ContainerModule } from "inversify";
import { scalewayProvider } from "./provider.ts";

export const scalewayModule = new ContainerModule(({ bind }) => {
  bind(ProviderFactory).toConstantValue(scalewayProvider);
});
