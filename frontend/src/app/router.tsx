import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet, useNavigate } from "@tanstack/react-router";
import { ExamBanner } from "@/features/courses/ExamBanner";
import { ProjectsPage } from "@/features/projects/ProjectsPage";
import { t } from "@/shared/i18n/i18n";
import { Loading } from "@/shared/ui/states";
import { courseRoutes } from "./courses/routes";
import { MainNavigation } from "./shell/MainNavigation";
import { NotFound } from "./shell/NotFound";
import { PageFailed } from "./shell/PageFailed";
import { AccountActions } from "./people/AccountActions";
import { peopleRoutes } from "./people/routes";
import { ShellMenu } from "./shell/ShellMenu";

const root = createRootRoute({ component: Outlet, notFoundComponent: () => <NotFound /> });

function Projects() {
  const navigate = useNavigate();
  return (
    <ProjectsPage
      navigation={<MainNavigation />}
      notice={<ExamBanner />}
      actions={
        <>
          <ShellMenu />
          <AccountActions />
        </>
      }
      onOpen={(projectId) => void navigate({ to: "/project/$projectId", params: { projectId } })}
    />
  );
}

const projects = createRoute({ getParentRoute: () => root, path: "/", component: Projects });

export const projectRoute = createRoute({
  getParentRoute: () => root,
  path: "/project/$projectId",
  component: lazyRouteComponent(() => import("./workbench/ProjectPage"), "ProjectPage"),
  pendingComponent: () => <Loading label={t("app.loading")} />,
});

export const router = createRouter({
  routeTree: root.addChildren([projects, projectRoute, ...peopleRoutes(root), ...courseRoutes(root)]),
  defaultPreload: "intent",
  defaultErrorComponent: PageFailed,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
