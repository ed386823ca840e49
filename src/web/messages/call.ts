import { computed } from '@preact/signals';
import { translation } from './current.ts';
import { type CallMessages, enCall } from './en-call.ts';

/** The texts of a call in the current language. */
export const callMessages = computed<CallMessages>(() => translation.value?.call ?? enCall);
