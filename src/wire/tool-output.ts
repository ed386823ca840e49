import type { InlineData } from './agent-event.ts';

/** Marks a `ToolOutput` of any copy of this package: a program may have two, or use the one of the client SDK in a tool of the server. */
const MARK: unique symbol = Symbol.for('bidi-sse.tool-output');

/** Result of a tool with pictures. Created by `toolResult`, which has checked the pictures. */
export class ToolOutput {
  readonly [MARK] = true;
  /** JSON of the result. */
  readonly result: unknown;
  readonly images: readonly InlineData[];

  /** @param images pictures that `readResultImages` has returned */
  constructor(result: unknown, images: readonly InlineData[]) {
    this.result = result;
    this.images = images;
  }
}

/** Whether a value is a `ToolOutput` of any copy of this package, whose pictures that copy has checked. */
export function isToolOutput(value: unknown): value is ToolOutput {
  return typeof value === 'object' && value !== null && MARK in value;
}
