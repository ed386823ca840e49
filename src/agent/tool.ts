import * as z from 'zod';
import type { ToolDeclaration } from '../models/realtime-model.ts';

/** What a tool's function is told about its call. */
export interface ToolContext {
  /** Aborted when the result is no longer wanted: the user interrupted, or the live session is over. */
  readonly signal: AbortSignal;
  readonly userId: string;
  readonly sessionId: string;
  /** Id of the function call. */
  readonly callId: string;
}

/** Something that the model may use: a function of yours, or one that the provider runs itself. */
export interface Tool {
  readonly declaration: ToolDeclaration;
  /** Runs a call. Absent: the provider does. What it returns goes to the model; an object as it is, anything else as `{result}`. */
  readonly run?: (args: unknown, context: ToolContext) => Promise<unknown>;
}

export interface ToolOptions<Schema extends z.ZodType> {
  /** What the model calls it. */
  readonly name: string;
  /** Tells the model when to call it and what it gives back. */
  readonly description: string;
  /** Shape of the arguments, as a zod object; they are checked before `execute` sees them. Default: none. */
  readonly parameters?: Schema;
  readonly execute: (args: z.output<Schema>, context: ToolContext) => unknown;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/;

/**
 * Makes a function callable by the model. It runs off the receive loop: the conversation goes on while it works. What it throws
 * is told to the model as `{error}`.
 */
export function tool<Schema extends z.ZodType = z.ZodObject>(options: ToolOptions<Schema>): Tool {
  const { name, description, parameters, execute } = options;
  if (!NAME.test(name)) throw new TypeError(`tool: "${name}" is no valid name: letters, digits, _ . - (at most 64)`);
  if (typeof execute !== 'function') throw new TypeError(`tool "${name}": execute must be a function`);
  return {
    declaration: {
      type: 'function',
      name,
      description,
      ...(parameters ? { parameters: z.toJSONSchema(parameters, { io: 'input' }) } : {}),
    },
    async run(args, context) {
      const checked = parameters ? parameters.safeParse(args) : undefined;
      if (checked && !checked.success) throw new TypeError(`Invalid arguments: ${z.prettifyError(checked.error)}`);
      return execute((checked ? checked.data : {}) as z.output<Schema>, context);
    },
  };
}

/** Google Search, run by Gemini itself: grounding for questions about the present. */
export const googleSearch: Tool = { declaration: { type: 'google_search' } };
