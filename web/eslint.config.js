import hooks from "eslint-plugin-react-hooks";
import typescript from "typescript-eslint";

export default typescript.config(
  { ignores: ["client/schema.d.ts", "node_modules", "*.mjs", "eslint.config.js"] },
  ...typescript.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { "react-hooks": hooks },
    rules: {
      ...hooks.configs.recommended.rules,
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false } }],
      // Words live in the catalogues: a sentence in the code is one that nobody translates.
      "no-restricted-syntax": [
        "error",
        { selector: "JSXText[value=/[A-Za-z\\u4e00-\\u9fff]{2,}/]", message: "Put words into words.en.json and words.zh-CN.json." },
        { selector: "JSXAttribute[name.name=/^(title|label|placeholder|alt|aria-label|okText|cancelText|tip|description)$/] > Literal[value=/[A-Za-z\\u4e00-\\u9fff]{2,}/]", message: "Put words into the catalogues." },
      ],
    },
  },
);
