import js from "@eslint/js";
import { createTypeScriptImportResolver } from "eslint-import-resolver-typescript";
import importX from "eslint-plugin-import-x";
import reactHooks from "eslint-plugin-react-hooks";
import { readdirSync } from "node:fs";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

const features = readdirSync(new URL("./src/features", import.meta.url));

/** Layers: app → features → shared → wire. A new folder below `features` is covered by itself. */
const zones = [
  ...features.map((name) => ({
    target: `./src/features/${name}`,
    from: "./src/features",
    except: [`./${name}`],
    message: "A feature does not import another: share through src/shared or compose in src/app.",
  })),
  { target: "./src/features", from: "./src/app", message: "Features do not know the app." },
  { target: "./src/shared", from: ["./src/features", "./src/app"], message: "Shared code knows no feature." },
  { target: "./src/wire", from: ["./src/features", "./src/app", "./src/shared"], message: "Wire types stand alone." },
];

export default defineConfig(
  { ignores: ["dist", "src/wire/generated.ts", "src/wire/openapi.ts"] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ["eslint.config.js"] } } },
    plugins: { "import-x": importX, "react-hooks": reactHooks },
    settings: { "import-x/resolver-next": [createTypeScriptImportResolver({ project: "./tsconfig.json" })] },
    rules: {
      ...reactHooks.configs.recommended.rules,
      // Tells what the React Compiler would skip; this build does not use it.
      "react-hooks/incompatible-library": "off",
      "max-lines": ["error", { max: 300, skipBlankLines: true, skipComments: true }],
      "no-console": "error",
      "no-restricted-globals": [
        "error",
        { name: "WebSocket", message: "Use the sockets of src/shared/socket: they reconnect and are tested." },
        { name: "fetch", message: "Use src/shared/api: it knows errors, ETags and the session." },
        { name: "localStorage", message: "Use src/shared/preferences." },
      ],
      "import-x/no-restricted-paths": ["error", { zones }],
      "import-x/no-cycle": "error",
      "import-x/no-default-export": "error",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/consistent-type-assertions": ["error", { assertionStyle: "never" }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
    },
  },
  // The one place where bytes of unknown shape become typed values.
  { files: ["src/wire/parse.ts"], rules: { "@typescript-eslint/consistent-type-assertions": "off" } },
  {
    files: ["src/shared/{api,socket,preferences}/**"],
    rules: { "no-restricted-globals": "off" },
  },
  // A program beside the page, not a part of it.
  { files: ["e2e/**"], rules: { "no-restricted-globals": "off" } },
  { files: ["*.config.{ts,js}"], rules: { "import-x/no-default-export": "off" } },
);
