/** A user's agent file: TypeScript that nobody has compiled, with a tool of its own. */
import { Agent, type Tool, tool } from 'bidi-sse';
import * as z from 'zod';

const rollDice: Tool = tool({
  name: 'roll_dice',
  description: 'Rolls a die.',
  parameters: z.object({ sides: z.number().int().min(2).default(6) }),
  execute: ({ sides }): string => `a die of ${sides} sides shows a four`,
});

export const rootAgent: Agent = new Agent({
  name: 'dice_agent',
  instruction: 'You roll dice.',
  tools: [rollDice],
});
