export { cloudstackModule } from "./module.ts";
export { cloudstackProvider } from "./provider.ts";
