import { useNavigate, useParams } from "@tanstack/react-router";
import { AssignmentFrame } from "@/features/courses/assignments/AssignmentFrame";
import { AssignmentsPage } from "@/features/courses/assignments/AssignmentsPage";
import { StudentAssignment } from "@/features/courses/assignments/StudentAssignment";
import { SubmissionsPage } from "@/features/courses/assignments/SubmissionsPage";
import { TeacherHeading } from "@/features/courses/assignments/TeacherHeading";
import { TestsPage } from "@/features/courses/assignments/TestsPage";
import { CourseFrame } from "@/features/courses/CourseFrame";
import { CourseSettings } from "@/features/courses/CourseSettings";
import { CoursesPage } from "@/features/courses/CoursesPage";
import { ExamsPage } from "@/features/courses/exams/ExamsPage";
import { MembersPage } from "@/features/courses/members/MembersPage";
import { AccountFrame } from "../people/AccountFrame";

function useCourseId(): string {
  return useParams({ strict: false }).courseId ?? "";
}

function useOpenProject(): (projectId: string) => void {
  const navigate = useNavigate();
  return (projectId) => void navigate({ to: "/project/$projectId", params: { projectId } });
}

export function Courses() {
  const navigate = useNavigate();
  return <AccountFrame>{(me) => <CoursesPage me={me} onOpen={(courseId) => void navigate({ to: "/courses/$courseId", params: { courseId } })} />}</AccountFrame>;
}

export function CourseAssignments() {
  const navigate = useNavigate();
  const open = (assignmentId: string) => void navigate({ to: "/assignments/$assignmentId", params: { assignmentId } });
  const courseId = useCourseId();
  return <AccountFrame>{() => <CourseFrame courseId={courseId}>{(course) => <AssignmentsPage course={course} onOpen={open} />}</CourseFrame>}</AccountFrame>;
}

export function CourseMembers() {
  const courseId = useCourseId();
  return (
    <AccountFrame>
      {() => (
        <CourseFrame forTeachers courseId={courseId}>
          {() => <MembersPage courseId={courseId} />}
        </CourseFrame>
      )}
    </AccountFrame>
  );
}

export function CourseExams() {
  const courseId = useCourseId();
  return (
    <AccountFrame>
      {() => (
        <CourseFrame forTeachers courseId={courseId}>
          {() => <ExamsPage courseId={courseId} />}
        </CourseFrame>
      )}
    </AccountFrame>
  );
}

export function CourseSettingsPage() {
  const navigate = useNavigate();
  const courseId = useCourseId();
  return (
    <AccountFrame>
      {() => (
        <CourseFrame forTeachers courseId={courseId}>
          {(course) => <CourseSettings key={course.id} course={course} onDeleted={() => void navigate({ to: "/courses" })} />}
        </CourseFrame>
      )}
    </AccountFrame>
  );
}

function Assignment({ tests }: { tests: boolean }) {
  const navigate = useNavigate();
  const assignmentId = useParams({ strict: false }).assignmentId ?? "";
  const openProject = useOpenProject();
  return (
    <AccountFrame>
      {() => (
        <AssignmentFrame assignmentId={assignmentId}>
          {(assignment, course) =>
            course.role === "student" ? (
              <StudentAssignment assignment={assignment} onProject={openProject} />
            ) : (
              <>
                <TeacherHeading
                  assignment={assignment}
                  onProject={openProject}
                  onDeleted={() => void navigate({ to: "/courses/$courseId", params: { courseId: course.id } })}
                />
                {tests ? <TestsPage assignment={assignment} /> : <SubmissionsPage assignmentId={assignmentId} onProject={openProject} />}
              </>
            )
          }
        </AssignmentFrame>
      )}
    </AccountFrame>
  );
}

export function AssignmentPage() {
  return <Assignment tests={false} />;
}

export function AssignmentTests() {
  return <Assignment tests />;
}
