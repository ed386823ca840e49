import type { Messages } from './en.ts';
import type { AnswerMessages } from './en-answers.ts';
import type { CallMessages } from './en-call.ts';
import type { PanelMessages } from './en-panels.ts';

/** All texts of the page in a language other than English. English is divided by the scripts that show the texts. */
export type Translation = Messages & AnswerMessages & PanelMessages & { readonly call: CallMessages };
