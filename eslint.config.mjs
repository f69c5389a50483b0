import tseslint from 'typescript-eslint';
import rxjsX from 'eslint-plugin-rxjs-x';

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'coverage/**'] },
  {
    files: ['{src,operators,protocols,marbles,examples,bench,test}/**/*.ts'],
    extends: [tseslint.configs.base, rxjsX.configs.recommended],
    languageOptions: { parserOptions: { projectService: true } },
    // `takeUntil(stop)` before `serve` is how a server stops accepting (docs/duplex.md, Places).
    rules: { 'rxjs-x/no-unsafe-takeuntil': 'off' },
  },
  {
    // Peers and recordings subscribe inside subscriptions, keep everything, and fail with whatever a case says.
    files: ['{marbles,test}/**/*.ts'],
    rules: {
      'rxjs-x/no-nested-subscribe': 'off',
      'rxjs-x/no-ignored-replay-buffer': 'off',
      'rxjs-x/no-subscribe-in-pipe': 'off',
    },
  },
);
