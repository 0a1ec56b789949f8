// Colours of a terminal.

export const ESC = "\u001b[";

const COLORS = { dim: "2", bold: "1", red: "31", green: "32", yellow: "33", cyan: "36" } as const;
export type Color = keyof typeof COLORS;

export function paint(color: Color, text: string): string {
  return text === "" ? "" : `${ESC}${COLORS[color]}m${text}${ESC}0m`;
}

/** Cuts what is visible, never a colour code. */
export function clip(line: string, width: number): string {
  let visible = 0;
  let out = "";
  // oxlint-disable-next-line no-control-regex -- the colour codes begin with the escape character
  for (const part of line.split(/(\u001b\[[0-9;?]*[A-Za-z])/)) {
    if (part.startsWith(ESC)) out += part;
    else {
      out += part.slice(0, Math.max(0, width - visible));
      visible += part.length;
    }
  }
  return out;
}
