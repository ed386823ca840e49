// An agent with a Gemini Live model whose memory is made by a model of OpenAI. It requires the package openai, and OPENAI_API_KEY.
import { Agent, LlmSummarizer, openaiTextModel } from 'bidi-sse';
import OpenAI from 'openai';

const model = openaiTextModel({ client: new OpenAI(), model: 'gpt-5.4-mini' });

export const rootAgent = new Agent({
  name: 'companion',
  eventsCompactionConfig: { summarizer: new LlmSummarizer(model) },
});
