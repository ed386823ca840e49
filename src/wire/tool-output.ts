import type { InlineData } from './agent-event.ts';

/** Result of a tool with pictures. Created by `toolResult`, which has checked the pictures. */
export class ToolOutput {
  /** JSON of the result. */
  readonly result: unknown;
  readonly images: readonly InlineData[];

  /** @param images pictures that `readResultImages` has returned */
  constructor(result: unknown, images: readonly InlineData[]) {
    this.result = result;
    this.images = images;
  }
}
