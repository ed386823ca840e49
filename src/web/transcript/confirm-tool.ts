import { createContext } from 'preact';

/** Answers a call of the agent that waits for the user. */
export type ConfirmTool = (id: string, ok: boolean) => void;

/** Gives the tool cards what sends the user's answer. */
export const ConfirmToolContext = createContext<ConfirmTool>(() => undefined);
