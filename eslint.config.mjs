/**
 * The lint of CI: what needs types to be seen. The inner loop is oxlint (.oxlintrc.json).
 * A rule that fights the design is switched off here, with its reason, never in the code.
 */
import rxjsX from 'eslint-plugin-rxjs-x';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const afterTakeUntil = rxjsX.rules['no-unsafe-takeuntil'].meta.defaultOptions[0].allow;

export default defineConfig(
  { ignores: ['dist/**', 'node_modules/**', 'coverage/**'] },
  // What these programs import is installed there alone, and Angular's own compiler checks them.
  { ignores: ['examples/angular/{src,dist}/**'] },
  {
    files: ['{src,operators,protocols,marbles,cli,examples,bench,test}/**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked, rxjsX.configs.recommended],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      // Serving is subscribing for each connection: nesting is what `serve`, `relay` and their tests do.
      'rxjs-x/no-nested-subscribe': 'off',
      // `takeUntil(stopping), serve(...)` is the graceful shutdown: stop accepting, let the work in hand finish.
      'rxjs-x/no-unsafe-takeuntil': ['error', { allow: [...afterTakeUntil, 'serve'] }],
      // Connections, addresses and errors are made to be printed; no-base-to-string finds what is not.
      '@typescript-eslint/restrict-template-expressions': 'off',
      // A Deferred is thenable, and a callback that returns one does not lose it: Deferreds run, and report, by themselves.
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      // What a chain comes to is `Settled<T>`, which TypeScript leaves open where T is: it is said there, and may look superfluous.
      '@typescript-eslint/no-unnecessary-type-assertion': 'off',
      // A Deferred is a Subject that is let go of like a subscription: that calls its work off.
      'rxjs-x/no-subject-unsubscribe': 'off',
      // Walking along a chain or a tree begins at `this`.
      '@typescript-eslint/no-this-alias': 'off',
      // What has to be there and is not used says so by its name.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Methods taken off a prototype are called with `this` where speed asks for it; TypeScript's `this` parameter guards them.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['marbles/**/*.ts'],
    rules: {
      // A recording keeps everything, and a diagram shows whatever it is given.
      'rxjs-x/no-ignored-replay-buffer': 'off',
      '@typescript-eslint/no-base-to-string': 'off',
    },
  },
  {
    files: ['test/pressure/**/*.ts'],
    rules: {
      // What is measured there is how much they keep.
      'rxjs-x/no-ignored-replay-buffer': 'off',
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // What has begun when the time to begin is over goes on.
      'rxjs-x/no-unsafe-takeuntil': 'off',
      // A case is one pipeline, and its sinks are subscribed where it needs them.
      'rxjs-x/no-subscribe-in-pipe': 'off',
    },
  },
  {
    // A thread's side is sent to it as the text of functions: its start is text that becomes code, and knows no types of Node's.
    files: ['src/{threads,node/threads,browser}/**/*.ts'],
    rules: {
      '@typescript-eslint/no-implied-eval': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-base-to-string': 'off',
    },
  },
  {
    // Nest's own classes and patterns are `any`, and its methods are taken by name.
    files: ['src/integrations/nestjs.ts'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      'rxjs-x/no-implicit-any-catch': 'off',
      'rxjs-x/no-subscribe-in-pipe': 'off',
      'rxjs-x/no-unbound-methods': 'off',
    },
  },
  {
    // TypeScript cannot tell what each `yield` of a generator gives back.
    files: ['src/deferred/inlineCallbacks.ts'],
    rules: { '@typescript-eslint/no-explicit-any': 'off' },
  },
  {
    files: ['{examples,bench,test}/**/*.ts'],
    rules: {
      // Matchers, parsed JSON and the errors of rxjs are `any`, and nothing is built upon these programs.
      'rxjs-x/no-implicit-any-catch': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      // A test prints whatever it got, and ends a Subject in every way there is.
      '@typescript-eslint/no-base-to-string': 'off',
      // A second copy of a module is had by require alone.
      '@typescript-eslint/no-require-imports': 'off',
      // A test may be async because its siblings are, and may reject with whatever it wants to see come back.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
      '@typescript-eslint/only-throw-error': 'off',
      'rxjs-x/throw-error': 'off',
    },
  },
);
