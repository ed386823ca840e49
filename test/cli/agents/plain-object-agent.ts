/** An agent that was not made by `new Agent(…)`. */
export const rootAgent = { name: 'almost', tools: [] };
