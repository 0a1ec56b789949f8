export { scalewayModule } from "./module.ts";
export { scalewayProvider } from "./provider.ts";
