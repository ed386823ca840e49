import { computed } from '@preact/signals';
import { translation } from './current.ts';
import { type AnswerMessages, enAnswers } from './en-answers.ts';

/** The texts in and below answers in the current language. */
export const answerMessages = computed<AnswerMessages>(() => translation.value ?? enAnswers);
