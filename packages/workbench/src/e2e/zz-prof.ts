import "reflect-metadata";
import { runWithCrashes } from "./crash-run.ts";
import { ovhCloud } from "../demo/clouds/ovh.ts";
for (let i=0;i<6;i++){ const t=performance.now(); await runWithCrashes(ovhCloud(), []); console.log(performance.now()-t);}
process.exit(0);
