export type { BinaryName } from "./versions.ts";
export { VERSIONS } from "./versions.ts";
export { cacheFolder, cacheRoot, findBinary, missingBinaries } from "./binaries.ts";
export { buildControlPlane, type BuildOptions } from "./build.ts";
export type { Component, ControlPlane, ControlPlaneUser, OptionalComponent } from "./control-plane.ts";
export { neededBinaries, startControlPlane, type ControlPlaneOptions } from "./start.ts";
export { prepareControlPlane, READINESS_ANNOTATION } from "./for-tests.ts";
export { isClaimed } from "./folder.ts";
export type { NodeAuthority } from "./component-arguments.ts";
