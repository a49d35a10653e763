/** How a suite examines the model: what is asked of the deployment, what is read from the reply, and what that is worth. */
import { comparison, isLikelihood } from '../../domain/spec/grader-spec.ts';
import type { Plan } from '../../domain/words/plan.ts';
import type { EvaluatedSuite } from '../../domain/words/suites.ts';
import type { Prompt } from '../data/prompt-set.ts';
import { openReferences } from '../data/references.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import { answerOf, opensThought } from '../grading/answer-after.ts';
import type { Grader } from '../grading/grader.ts';
import { inNormalForm } from '../grading/normal-form.ts';
import { openGrader, type GraderPorts } from '../grading/graders.ts';
import { perplexityScore } from '../grading/perplexity.ts';
import type { Sample, SampleRequest } from '../ports.ts';

/** One prompt of the suite's set. */
export interface Question {
  readonly promptIndex: number;
  readonly prompt: Prompt;
}

interface About {
  readonly id: string;
  readonly signal: AbortSignal;
  /** What was read of the other answer. */
  readonly other?: Sample;
}

export interface Examiner {
  /** Scores are only 0 and 1. */
  readonly binary: boolean;
  /** The model draws answers of its own; else it is asked what it thinks of the references. */
  readonly draws: boolean;
  /** What is asked, but for seed and id. */
  ask(question: Question): Pick<SampleRequest, 'promptTokens' | 'maxTokens' | 'temperature' | 'stop' | 'echo'>;
  /** The part of the reply that is scored, and kept. */
  read(reply: Sample, question: Question): Sample;
  /** Another answer to the same prompt, which is asked for too where two are compared. */
  readonly other?: Pick<Examiner, 'ask' | 'read'>;
  /** From 0 to 1; more is better. Fails with a `PawlError` where it cannot tell. */
  score(sample: Sample, question: Question, about: About): number | Promise<number>;
}

export async function openExaminer(
  ports: GraderPorts,
  suite: EvaluatedSuite,
  { stop, python }: Pick<Plan, 'stop' | 'python'>,
  onOutput?: (text: string) => void,
): Promise<Examiner> {
  const { grader, maxTokens, temperature } = suite.spec;
  if (isLikelihood(grader)) {
    const { references, rejected = [] } = await openReferences(ports.artifacts, suite.references);
    const compared = comparison(grader);
    return compared === undefined ? likelihood(references) : preference(references, rejected, compared);
  }
  const drawn = { maxTokens, temperature, ...(stop !== undefined && { stop: [stop] }) };
  const opened = await openGrader(ports, grader, suite.graderModule, { python, onOutput });
  const grading = inNormalForm(opened, suite.spec.normalize);
  return answers(grading, { drawn, answerAfter: suite.spec.answerAfter });
}

interface Answers {
  readonly drawn: Pick<SampleRequest, 'maxTokens' | 'temperature' | 'stop'>;
  readonly answerAfter: string | false | undefined;
}

export function answers(grader: Grader, { drawn, answerAfter }: Answers): Examiner {
  return {
    binary: grader.binary,
    draws: true,
    ask: ({ prompt: { tokens } }) => ({ promptTokens: tokens, ...drawn }),
    read: (reply) => reply,
    score({ text }, { prompt: { prompt, reference } }, about) {
      const { answer, unended } = answerOf(text, answerAfter, opensThought(prompt));
      // Who is still thinking has not answered: no grader is asked what nothing is worth.
      return unended ? 0 : grader.score(answer, reference, { prompt, ...about });
    },
  };
}

/** The reference is part of the prompt, which is echoed: what follows it does not count, and is as short as can be. */
export function likelihood(references: readonly (readonly number[])[]): Examiner {
  const referenceOf = ({ promptIndex }: Question): readonly number[] => references[promptIndex] ?? [];
  return {
    binary: false,
    draws: false,
    ask: (question) => ({
      promptTokens: [...question.prompt.tokens, ...referenceOf(question)],
      maxTokens: 1,
      temperature: 0,
      echo: true,
    }),
    read(reply, question) {
      const tokens = referenceOf(question);
      // Targets are the tokens after the first one, which nothing predicts.
      const start = question.prompt.tokens.length - 1;
      const logprobs = (reply.targetLogprobs ?? []).slice(start, start + tokens.length);
      return { ...reply, tokens, text: question.prompt.reference, logprobs };
    },
    score({ tokens, logprobs }) {
      requireEcho({ tokens, logprobs });
      return perplexityScore(logprobs);
    },
  };
}

/** Both answers are echoed; 1 where the chosen one is likelier, ½ where they are alike. */
function preference(
  chosen: readonly (readonly number[])[],
  rejected: readonly (readonly number[])[],
  { average }: { average: boolean },
): Examiner {
  const value = (sample: Sample | undefined): number => {
    const { tokens, logprobs } = requireEcho(sample ?? { tokens: [], logprobs: [] });
    const sum = logprobs.reduce((total, logprob) => total + logprob, 0);
    return average ? sum / tokens.length : sum;
  };
  return {
    ...likelihood(chosen),
    binary: true,
    other: likelihood(rejected),
    score(sample, _question, { other }) {
      const [good, bad] = [value(sample), value(other)];
      return good === bad ? 0.5 : Number(good > bad);
    },
  };
}

function requireEcho<Echo extends Pick<Sample, 'tokens' | 'logprobs'>>(echo: Echo): Echo {
  const { tokens, logprobs } = echo;
  if (tokens.length > 0 && logprobs.length === tokens.length) return echo;
  throw new PawlError('InvalidRequest', 'the deployment does not tell the log-probabilities of an echoed prompt');
}
