// Small things of text on a screen: numbers of things, names that are too long, lines that are too wide, time of day.

/** "1 node", "5 nodes". */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** Keeps both ends, which tell names apart: "karpenter-b3-32…node-10d4e8". */
export function shortened(name: string, width: number): string {
  if (name.length <= width) return name;
  const tail = Math.max(1, Math.floor((width - 1) / 2));
  return `${name.slice(0, width - 1 - tail)}…${name.slice(-tail)}`;
}

/** Lines no longer than `width`, broken at spaces; all but the first are indented. */
export function wrapped(text: string, width: number, indent: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (longer.length <= width || line.trim() === "") {
      line = longer;
      continue;
    }
    lines.push(line);
    line = " ".repeat(indent) + word;
  }
  return [...lines, line];
}

/** Time of day of the virtual clock. */
export function timeOfDay(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(11, 19);
}

/** "4 min 36 s" */
export function lasted(seconds: number): string {
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
